import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explainRefusal } from './explain-refusal.ts'

describe('what to do when ssh could not get in', () => {
  const address = { host: '127.0.0.1', user: 'root', port: 17422 }
  const options = ['-F', 'ssh config']
  const adviceFor = (words: string, to: Parameters<typeof explainRefusal>[0] = address) =>
    explainRefusal(to, { options, words }).advice

  test('names the command with the user, the port and the options that were used', () => {
    for (const words of ['Host key verification failed.\r\n', 'words that nobody knows'])
      assert.match(adviceFor(words), /: ssh -F 'ssh config' -p 17422 root@127\.0\.0\.1( true)?$/)
  })

  test('names a changed key as known_hosts does', () => {
    const words = 'WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!'
    assert.match(adviceFor(words), /: ssh-keygen -R \[127\.0\.0\.1\]:17422$/)
    for (const usual of [{ host: 'web-1' }, { host: 'web-1', port: 22 }])
      assert.match(adviceFor(words, usual), /: ssh-keygen -R web-1$/)
  })

  test('does not blame the host for a configuration of ssh that cannot be read here', () => {
    assert.match(
      adviceFor("Can't open user config file /nope: No such file or directory\r\n"),
      /^ssh cannot read its own configuration on this machine; .*"ssh" \(-F\)/,
    )
  })
})
