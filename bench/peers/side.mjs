// side.mjs: what the peers written in JavaScript share: the process, and the HTTP front that runs one whole case a request.
//
//   submit → precheck → accept → three departments in parallel → join → decide → issue → close: seven tasks.
//
// Each task gives an answer of the size of ours (a decision with its reasons), so that what is kept is of one size too.
import http from 'node:http';

export const DEPARTMENTS = ['fire', 'health', 'planning'];
const OPINION = '申请材料齐全，符合法定形式。经现场核查，经营场所布局合理，食品处理区与就餐区分开设置，清洗消毒设施完备，' +
  '从业人员健康证明在有效期内，食品安全管理制度已建立并公示。依照《中华人民共和国食品安全法》第三十五条，建议准予许可。';

export const doTask = (name) => ({ task: name, decision: 'agree', opinion: OPINION });

// POST /case runs one case with `run` (which says how many tasks were done); prints the port; ends with its standard input.
export function serve(run, listening) {
  const server = http.createServer(async (request, response) => {
    request.resume();
    let status = 200, text;
    try {
      text = JSON.stringify({ tasks: await run() });
    } catch (error) {
      status = 500;
      text = JSON.stringify({ error: String(error?.stack ?? error) });
    }
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => listening(server.address().port));
}

export function endWithInput() {
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
}
