lock "~> 3.14"

set :application, "example"
set :repo_url, "file:///srv/git/example"
set :branch, "main"
set :deploy_to, "/var/www/#{fetch(:application)}/#{fetch(:stage)}"
append :linked_dirs, "log"
set :keep_releases, 5

set :sidekiq_service_unit_user, :system

task :build do
  on release_roles(:all) do
    within(release_path) { execute "./build" }
  end
end
before "deploy:updated", :build
