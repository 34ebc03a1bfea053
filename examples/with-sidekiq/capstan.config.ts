import { defineConfig } from 'capstan'

export default defineConfig({
  // The same Redis as Sidekiq's: both read REDIS_URL.
  store: { redis: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/0' },
  // Never a queue that Sidekiq works on, too: each side knows its own classes only.
  queues: ['node'],
  concurrency: 5,
})
