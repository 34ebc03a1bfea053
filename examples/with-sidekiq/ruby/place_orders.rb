# Old Ruby code that goes on as it was: ruby ruby/place_orders.rb HOW_MANY
require_relative "shop"

Integer(ARGV.fetch(0, "10")).times do |order|
  PackOrder.perform_async(order, [{"name" => "Tea", "price" => 3.5}, {"name" => "Crêpe № #{order}", "price" => 2}])
end
