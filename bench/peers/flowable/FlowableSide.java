// Flowable on PostgreSQL: user tasks, for a case waits for people between its steps; each completion is a transaction of its own.
//
//   java -cp … FlowableSide JDBC-URL HISTORY      HISTORY: Flowable's level, «audit» (its default) or «none» (its fastest)
//
// POST /case runs one whole case and answers how many tasks were done; prints the port; ends with its standard input.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import org.flowable.common.engine.impl.history.HistoryLevel;
import org.flowable.engine.ProcessEngine;
import org.flowable.engine.impl.cfg.StandaloneProcessEngineConfiguration;
import org.flowable.task.api.Task;

public final class FlowableSide {
  private static final String MODEL = """
      <?xml version="1.0" encoding="UTF-8"?>
      <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:bench">
        <process id="seven" isExecutable="true">
          <startEvent id="submit"/>
          <userTask id="precheck"/><userTask id="accept"/>
          <parallelGateway id="fork"/>
          <userTask id="fire"/><userTask id="health"/><userTask id="planning"/>
          <parallelGateway id="join"/>
          <userTask id="decide"/><userTask id="issue"/>
          <endEvent id="close"/>
          <sequenceFlow id="f1" sourceRef="submit" targetRef="precheck"/>
          <sequenceFlow id="f2" sourceRef="precheck" targetRef="accept"/>
          <sequenceFlow id="f3" sourceRef="accept" targetRef="fork"/>
          <sequenceFlow id="f4" sourceRef="fork" targetRef="fire"/>
          <sequenceFlow id="f5" sourceRef="fork" targetRef="health"/>
          <sequenceFlow id="f6" sourceRef="fork" targetRef="planning"/>
          <sequenceFlow id="f7" sourceRef="fire" targetRef="join"/>
          <sequenceFlow id="f8" sourceRef="health" targetRef="join"/>
          <sequenceFlow id="f9" sourceRef="planning" targetRef="join"/>
          <sequenceFlow id="f10" sourceRef="join" targetRef="decide"/>
          <sequenceFlow id="f11" sourceRef="decide" targetRef="issue"/>
          <sequenceFlow id="f12" sourceRef="issue" targetRef="close"/>
        </process>
      </definitions>
      """;

  private final ProcessEngine engine;

  private FlowableSide(String url, String history) {
    StandaloneProcessEngineConfiguration options = new StandaloneProcessEngineConfiguration();
    options.setJdbcUrl(url);
    options.setJdbcDriver("org.postgresql.Driver");
    options.setJdbcMaxActiveConnections(40);
    options.setJdbcMaxIdleConnections(40);
    options.setDatabaseSchemaUpdate("true");
    options.setAsyncExecutorActivate(false);
    options.setDisableEventRegistry(true);
    options.setDisableIdmEngine(true);
    options.setHistoryLevel(HistoryLevel.getHistoryLevelForKey(history));
    engine = options.buildProcessEngine();
    engine.getRepositoryService().createDeployment().addString("seven.bpmn20.xml", MODEL).deploy();
  }

  // The three departments' tasks are open together; completed by one caller, they never collide at the join.
  private int runCase() {
    String id = engine.getRuntimeService().startProcessInstanceByKey("seven").getId();
    int done = 0;
    for (;;) {
      List<Task> open = engine.getTaskService().createTaskQuery().processInstanceId(id).list();
      if (open.isEmpty()) {
        return done;
      }
      for (Task task : open) {
        engine.getTaskService().complete(task.getId());
        done++;
      }
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    int status = 200;
    String text;
    try {
      text = "{\"tasks\":" + runCase() + "}";
    } catch (RuntimeException e) {
      status = 500;
      text = "{\"error\":\"" + e.getClass().getName() + "\"}";
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  public static void main(String[] arguments) throws IOException {
    FlowableSide side = new FlowableSide(arguments[0], arguments[1]);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 1024);
    server.setExecutor(Executors.newFixedThreadPool(64));
    server.createContext("/case", side::answer);
    server.start();
    System.out.println(server.getAddress().getPort());
    while (System.in.read() >= 0) {
    }
    System.exit(0);
  }
}
