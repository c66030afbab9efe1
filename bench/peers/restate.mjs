// Restate: the service that its server calls over HTTP/2; every step is in the server's log before the next one begins.
//
//   node restate.mjs        prints the port of the service; bench/peers.py starts the server and registers it
import http2 from 'node:http2';
import { DEPARTMENTS, doTask, endWithInput } from './side.mjs';

// Node 20 has none, and the SDK wants one.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const restate = await import('@restatedev/restate-sdk');
const { createEndpointHandler } = restate;

const service = restate.service({
  name: 'Case',
  handlers: {
    run: async (ctx) => {
      const step = (name) => ctx.run(name, () => doTask(name));
      const done = [await step('precheck'), await step('accept')];
      done.push(...await restate.RestatePromise.all(DEPARTMENTS.map(step)));
      done.push(await step('decide'), await step('issue'));
      return { tasks: done.length };
    },
  },
});

const server = http2.createServer(createEndpointHandler({ services: [service] }));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
endWithInput();
