# Enqueues as the environment says: as many calls in flight as lanes, each answer written into the ledger.
require_relative 'sidekiq-jobs'

lanes = Integer(ENV.fetch('LANES'))
Sidekiq.configure_client { |config| config.redis = { url: ENV.fetch('REDIS_URL'), size: lanes } }
limit = Integer(ENV.fetch('COUNT'))
rest = Integer(ENV.fetch('REST_MS')) / 1000.0
prefix = ENV.fetch('PREFIX')
ledger = File.open(ENV.fetch('LEDGER'), 'a')
numbers = Queue.new
stopped = false
Signal.trap('TERM') { stopped = true }

feeder = Thread.new do
  number = 0
  until stopped || (limit.positive? && number >= limit)
    if numbers.size > lanes
      sleep 0.001
    else
      numbers << number
      number += 1
    end
  end
  numbers.close
end

threads = Array.new(lanes) do
  Thread.new do
    while (number = numbers.pop)
      id = "#{prefix}#{number}"
      begin
        FaultJob.perform_async(id, Integer(ENV.fetch('JOB_MS')), ENV.fetch('KIND'))
        ledger.syswrite("accepted #{id}\n")
      rescue StandardError => e
        ledger.syswrite("refused #{id} #{e.message.inspect}\n")
      end
      sleep rest if rest.positive?
    end
  end
end
[feeder, *threads].each(&:join)
