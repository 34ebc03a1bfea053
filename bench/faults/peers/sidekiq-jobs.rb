require 'sidekiq'

# The same job as the others': says when it begins and when it has ended.
class FaultJob
  include Sidekiq::Worker
  sidekiq_options retry: 0

  def perform(id, milliseconds, kind)
    FaultJob.write('begin', id)
    if kind == 'kill'
      Process.kill('KILL', Process.pid)
      sleep 60
    else
      sleep milliseconds / 1000.0
    end
    FaultJob.write('end', id)
  end

  def self.write(word, id)
    line = "#{word} #{id} #{Process.pid} #{(Time.now.to_f * 1000).to_i}\n"
    File.open(ENV.fetch('DIARY'), 'a') { |file| file.syswrite(line) }
  end
end

# Whoever started this process hears of its end some time later.
at_exit { FaultJob.write('gone', '-') }
