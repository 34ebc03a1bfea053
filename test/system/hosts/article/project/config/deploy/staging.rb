server "web-1", user: "deploy", roles: %w[app db web]
