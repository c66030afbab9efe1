-- wrk: drives our server a task a request. What an answer says is open waits in a queue; with nothing open, a case is submitted.
local queue, head, tail = {}, 1, 0
local threads = {}
submitted, tasks, closed = 0, 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function request()
  local path = "/cases"
  if head <= tail then
    path = queue[head]
    queue[head] = nil
    head = head + 1
  end
  return wrk.format("POST", path, nil, "")
end

function response(status, headers, body)
  local id, open, over = string.match(body, '"id":"(%d+)","open":%[(.-)%],"closed":(%a+)')
  if not id then
    return
  end
  if open == '"precheck"' then
    submitted = submitted + 1
  else
    tasks = tasks + 1
  end
  if over == "true" then
    closed = closed + 1
  end
  for task in string.gmatch(open, '"(%a+)"') do
    tail = tail + 1
    queue[tail] = "/cases/" .. id .. "/" .. task
  end
end

function done(summary, latency)
  for _, thread in ipairs(threads) do
    io.write(string.format("counted: submitted %d tasks %d closed %d\n", thread:get("submitted"), thread:get("tasks"), thread:get("closed")))
  end
end
