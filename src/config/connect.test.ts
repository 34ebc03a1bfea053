import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectOptions, connect } from './connect.ts'

test('an option that is none is refused: the default store would be opened without a word', async () => {
  const opened = connect({ redis: 'redis://localhost' } as ConnectOptions)
  const message = 'connect: unknown key "redis"; known are config, directory, logger'
  await assert.rejects(opened, { code: 'options.unknown', message })
})

test('a URL in place of the options is refused, and its password not shown', async () => {
  const opened = connect('redis://:secret@localhost' as unknown as ConnectOptions)
  await assert.rejects(opened, (error: Error) => {
    assert.match(
      error.message,
      /^connect: expected an object, got a string; the store is named in capstan.config.ts/,
    )
    return !error.message.includes('secret')
  })
})
