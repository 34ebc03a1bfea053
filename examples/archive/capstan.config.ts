import { defineConfig } from 'capstan'

const { REDIS_URL, ARCHIVE_DB = '.capstan/jobs.db' } = process.env

export default defineConfig({
  store: REDIS_URL ? { redis: REDIS_URL } : { sqlite: ARCHIVE_DB },
  queues: ['archive'],
  concurrency: 8,
  // Retries of this example are due within a second, so it is worth looking often.
  poll: '300ms',
})
