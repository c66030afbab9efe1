// DBOS: workflows whose every step is kept in PostgreSQL before the next one begins.
//
//   node dbos.mjs POSTGRES-URL-OF-ITS-DATABASE [processes]
import cluster from 'node:cluster';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { DEPARTMENTS, doTask, serve, endWithInput } from './side.mjs';

const step = (name) => DBOS.runStep(async () => doTask(name), { name });

async function steps() {
  const done = [await step('precheck'), await step('accept')];
  done.push(...await Promise.all(DEPARTMENTS.map(step)));
  done.push(await step('decide'), await step('issue'));
  return done.length;
}

async function work(url, processes) {
  const run = DBOS.registerWorkflow(steps, { name: 'seven-steps' });
  DBOS.setConfig({ name: 'onevisit-bench', systemDatabaseUrl: url, systemDatabasePoolSize: Math.floor(40 / processes), logLevel: 'error',
    executorID: `p${cluster.worker.id}` });
  await DBOS.launch();
  serve(run, (port) => process.send({ port }));
}

if (cluster.isPrimary) {
  const [url, processes = '1'] = process.argv.slice(2);
  const count = Number(processes);
  let ready = 0;
  // one after the other: the first one makes the tables
  const start = () => cluster.fork({ BENCH_URL: url, BENCH_PROCESSES: count }).on('message', ({ port }) => ++ready === count ? console.log(port) : start());
  start();
  endWithInput();
} else {
  process.on('disconnect', () => process.exit(0));
  await work(process.env.BENCH_URL, Number(process.env.BENCH_PROCESSES));
}
