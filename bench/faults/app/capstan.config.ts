import { defineConfig } from 'capstan'

const { REDIS_URL, DATABASE = 'jobs.db', CONCURRENCY } = process.env

export default defineConfig({
  store: REDIS_URL ? { redis: REDIS_URL } : { sqlite: DATABASE },
  concurrency: Number(CONCURRENCY),
})
