-- What wrk sends and tells: `wrk -s announces.lua URL -- FILE [close]`. FILE has a path a line, which are asked for in
-- turn; with `close` every request has a connection of its own. At the end a line of JSON is printed.

local requests = {}
local turn = 0

function init(arguments)
  if arguments[2] == "close" then wrk.headers["Connection"] = "close" end
  -- Written out once, so that a request costs the load next to nothing.
  for path in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"bytes":%d,"failed":%d,"refused":%d,"p50":%f,"p99":%f,"p999":%f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, failed, errors.status,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3))
end
