# Sidekiq in a process of its own; answers what bench/child.ts answers. Its worker has a thread per job at a time and a
# connection each, as its documentation advises; logging is off, YJIT is on where Ruby has it.
before = Process.clock_gettime(Process::CLOCK_MONOTONIC)
require "json"
require "set"
require "sidekiq"
require "sidekiq/cli" # makes Sidekiq.server? true, as in a worker
require "sidekiq/launcher"

ADDRESS = ARGV.fetch(0)
QUEUE = "bench"
BULK = 1_000
Sidekiq.logger.level = Logger::FATAL

def machine_ms = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
def cpu_us = (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) * 1e6).round
def rss_bytes = File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i * 1024

# Which jobs ran, how often and when.
class Book
  attr_reader :ended

  def initialize(ids, wanted, times)
    @lock = Mutex.new
    @arrived = ConditionVariable.new
    @wanted = wanted
    @runs = Array.new(ids, 0)
    @begun = times ? Array.new(ids, 0) : []
    @times = times
    @ended = 0
    @first = nil
  end

  def began(id)
    @lock.synchronize do
      if @first.nil?
        @cpu_at_first = cpu_us
        @first = machine_ms
      end
      @begun[id] = machine_ms if @times
      @runs[id] = [@runs[id] + 1, 9].min
    end
  end

  def has_ended
    @lock.synchronize do
      @ended += 1
      if @ended == @wanted
        take_readings
        @arrived.signal
      end
    end
  end

  def take_readings
    @last = machine_ms
    @cpu = cpu_us - (@cpu_at_first || 0)
    @rss = rss_bytes
  end

  def wait
    @lock.synchronize { @arrived.wait(@lock) until @ended >= @wanted }
  end

  def report
    { firstMs: @first || 0, lastMs: @last || 0, cpuUs: @cpu || 0, rssBytes: @rss || rss_bytes, runs: @runs.join, begunMs: @begun }
  end
end

class Noop
  include Sidekiq::Worker
  class << self
    attr_accessor :book, :wait_seconds
  end

  def perform(id, _padding)
    Noop.book.began(id)
    sleep(Noop.wait_seconds) if Noop.wait_seconds > 0
    Noop.book.has_ended
  end
end
Noop.sidekiq_options queue: QUEUE

def timed
  cpu = cpu_us
  since = machine_ms
  yield
  { wallMs: machine_ms - since, cpuUs: cpu_us - cpu }
end

def ids_of(request) = request["from"]...(request["from"] + request["jobs"])

def enqueue(request)
  padding = "x" * request["padding"]
  ids = ids_of(request).to_a.reverse
  lock = Mutex.new
  lane = proc do
    while (id = lock.synchronize { ids.pop })
      Noop.perform_async(id, padding)
    end
  end
  timed { Array.new(request["inFlight"]) { Thread.new(&lane) }.each(&:join) }
end

def enqueue_many(request)
  padding = "x" * request["padding"]
  timed do
    ids_of(request).each_slice(BULK) do |ids|
      Sidekiq::Client.push_bulk("class" => Noop, "args" => ids.map { |id| [id, padding] })
    end
  end
end

def drip(request)
  sent = (0...request["jobs"]).map do |id|
    sleep(request["pauseMs"] / 1000.0)
    at = machine_ms
    Noop.perform_async(id, "")
    at
  end
  { sentMs: sent }
end

def work(request)
  Noop.book = Book.new(request["ids"], request["wanted"], request["times"])
  Noop.wait_seconds = request["waitMs"] / 1000.0
  options = Sidekiq.options
  options[:concurrency] = request["concurrency"]
  options[:queues] = request["queues"]
  options[:strict] = true
  options[:fetch] = nil
  options[:identity] = Class.new { extend Sidekiq::Util }.identity
  Sidekiq.redis = { path: ADDRESS, size: request["concurrency"] + 5 }
  $launcher = Sidekiq::Launcher.new(options)
  $launcher.run
  { rssBytes: rss_bytes }
end

def answer(request)
  case request["ask"]
  when "enqueue" then enqueue(request)
  when "enqueueMany" then enqueue_many(request)
  when "drip" then drip(request)
  when "work" then work(request)
  when "reached" then Noop.book.wait && {}
  when "count" then { ended: Noop.book.ended }
  when "readings" then Noop.book.take_readings && {}
  when "stop"
    $launcher.stop
    # It leaves its heartbeat running, which would be counted against every later measure.
    $launcher.instance_variable_get(:@thread)&.kill
    Noop.book.report
  end
end

Sidekiq.options[:concurrency] = 100
Sidekiq.redis = { path: ADDRESS, size: 105 }
Sidekiq.redis(&:ping)
$stdout.sync = true
puts JSON.generate(loadMs: (Process.clock_gettime(Process::CLOCK_MONOTONIC) - before) * 1000)
while (line = $stdin.gets)
  puts JSON.generate(answer(JSON.parse(line)) || {})
end
exit!(0)
