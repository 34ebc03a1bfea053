# The Ruby half of the shop: sidekiq -r ./ruby/shop.rb -q ruby
require "sidekiq"
require "json"

# Runs here, whoever pushed it.
class SendReceipt
  include Sidekiq::Worker
  sidekiq_options queue: "ruby"

  def perform(order, receipt)
    line = JSON.generate("order" => order, "items" => receipt["items"], "total" => receipt["total"])
    File.write(File.join(ENV.fetch("SHOP_DIRECTORY", "."), "receipts"), "#{line}\n", mode: "a")
  end
end

# Runs in TypeScript now. What is left of it is its name and its queue, so that old code goes on calling perform_async.
class PackOrder
  include Sidekiq::Worker
  sidekiq_options queue: "node", retry: 5
end
