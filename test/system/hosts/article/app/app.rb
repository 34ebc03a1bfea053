require "sidekiq"

# Tells in the diary what became of it: when, the release it ran in, `began` or `ended`, and its name.
class Nap
  include Sidekiq::Worker

  def perform(name, ms)
    note("began #{name}")
    sleep(ms / 1000.0)
    note("ended #{name}")
  end

  def note(words)
    line = "#{(Time.now.to_f * 1000).round} #{File.basename(Dir.pwd)} #{words}\n"
    File.open("log/diary", "a") { |diary| diary.write(line) }
  end
end
