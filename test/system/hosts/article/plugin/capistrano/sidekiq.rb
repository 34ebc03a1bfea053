# Stands in for capistrano-sidekiq 2.0.0, which Debian does not have: the same tasks, commands and hooks.
require "capistrano/plugin"

class Capistrano::Sidekiq < Capistrano::Plugin
  class Systemd < Capistrano::Plugin
    def set_defaults
      set_if_empty :sidekiq_service_unit_name, "sidekiq"
      set_if_empty :sidekiq_service_unit_user, :user
      set_if_empty :sidekiq_role, :app
    end

    def register_hooks
      after "deploy:starting", "sidekiq:quiet"
      after "deploy:updated", "sidekiq:stop"
      after "deploy:published", "sidekiq:start"
      after "deploy:failed", "sidekiq:restart"
    end

    def define_tasks
      namespace :sidekiq do
        { quiet: "reload", stop: "stop", start: "start" }.each do |name, verb|
          task name do
            systemctl = fetch(:sidekiq_service_unit_user) == :system ? [:sudo, :systemctl] : [:systemctl, "--user"]
            # A quiet that fails is passed over; the others end the run.
            options = { raise_on_non_zero_exit: name != :quiet }
            on roles(fetch(:sidekiq_role)) do
              execute(*systemctl, verb, fetch(:sidekiq_service_unit_name), options)
            end
          end
        end
        task :restart do
          %w[stop start].each { |name| invoke! "sidekiq:#{name}" }
        end
      end
    end
  end
end
