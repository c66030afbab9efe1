// bpmn-engine: nothing is kept. Two processes behind one port, for it uses one core each; the model is parsed once.
//
//   node bpmn.mjs [processes]
import cluster from 'node:cluster';
import { Engine } from 'bpmn-engine';
import BpmnModdle from 'bpmn-moddle';
import * as elements from 'bpmn-elements';
import serializer, { TypeResolver } from 'moddle-context-serializer';
import { DEPARTMENTS, doTask, serve, endWithInput } from './side.mjs';

const tasks = ['precheck', 'accept', ...DEPARTMENTS, 'decide', 'issue'];
const flows = [['submit', 'precheck'], ['precheck', 'accept'], ['accept', 'fork'], ...DEPARTMENTS.flatMap((d) => [['fork', d], [d, 'join']]),
  ['join', 'decide'], ['decide', 'issue'], ['issue', 'close']];
const source = `<?xml version="1.0" encoding="UTF-8"?>
<definitions id="seven" xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:bench">
  <process id="seven-steps" isExecutable="true">
    <startEvent id="submit" />
    ${tasks.map((t) => `<serviceTask id="${t}" name="${t}" implementation="\${environment.services.task}" />`).join('\n    ')}
    <parallelGateway id="fork" /><parallelGateway id="join" />
    <endEvent id="close" />
    ${flows.map(([from, to], i) => `<sequenceFlow id="flow${i}" sourceRef="${from}" targetRef="${to}" />`).join('\n    ')}
  </process>
</definitions>`;

async function work() {
  const context = serializer(await new BpmnModdle().fromXML(source), TypeResolver(elements));
  const run = async () => {
    let done = 0;
    const engine = new Engine({
      name: 'case', sourceContext: context,
      services: { task: (scope, next) => { done++; next(null, doTask(scope.content.id)); } },
    });
    await new Promise((resolve, reject) => {
      engine.once('end', resolve);
      engine.once('error', reject);
      engine.execute((error) => error && reject(error));
    });
    return done;
  };
  serve(run, (port) => process.send({ port }));
}

if (cluster.isPrimary) {
  const count = Number(process.argv[2] ?? 2);
  let ready = 0;
  for (let i = 0; i < count; i++)
    cluster.fork().on('message', ({ port }) => ++ready === count && console.log(port));
  endWithInput();
} else {
  process.on('disconnect', () => process.exit(0));
  await work();
}
