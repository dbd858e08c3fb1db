-- wrk: every request posts another prepared check-in. Arguments: their file, a hexadecimal line each, and one port for
-- each thread. What is measured is printed as JSON.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  bodies, at, refused, spent = {}, 0, 0, 0
  local line_number, count = 0, #arguments - 1
  for line in io.lines(arguments[1]) do
    if line_number % count == number then
      bodies[#bodies + 1] = line:gsub("..", function(digits) return string.char(tonumber(digits, 16)) end)
    end
    line_number = line_number + 1
  end
  wrk.thread.addr = wrk.lookup("127.0.0.1", arguments[2 + number])[1]
  headers = {["Content-Type"] = "application/cbor"}
end

function request()
  at = at + 1
  if at > #bodies then
    spent = spent + 1
  end
  return wrk.format("POST", "/v1/check-ins", headers, bodies[(at - 1) % #bodies + 1])
end

function response(status, _, body)
  if status ~= 200 or body:byte(2) ~= 0 then  -- ADMITTED, in CBOR
    refused = refused + 1
  end
end

function done(summary, latency)
  local refusals, repeats = 0, 0
  for _, thread in ipairs(threads) do
    refusals, repeats = refusals + thread:get("refused"), repeats + thread:get("spent")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "refused": %d, "repeated": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration,
    refusals + errors.connect + errors.read + errors.write + errors.timeout, repeats,
    latency:percentile(50), latency:percentile(99)))
end
