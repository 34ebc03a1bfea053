import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { checkSudoersSyntax } from './sudoers-syntax.ts'

const visudo = (input: string) => spawnSync('/usr/sbin/visudo', ['-cf', '-'], { input, encoding: 'utf8' })

describe('a sudoers file', () => {
  for (const line of [
    'deploy ALL=(ALL:ALL) ALL',
    '%wheel ALL=(ALL) NOPASSWD:ALL',
    '#1000 ALL = NOPASSWD: /bin/a, (root) NOEXEC: /bin/b, !/bin/c',
    'a, b ALL, !h = /bin/x : H = /bin/y # comment',
    '# deploy ALL=(ALL',
    'User_Alias A = a, b',
    'Cmnd_Alias X = /bin/a, /bin/b : Y = /bin/c',
    'Defaults:deploy !requiretty',
    '@includedir /no/such',
    'a ALL=(root) CWD=/tmp NOPASSWD: /bin/x a\\=b',
    'a ALL = sudoedit /etc/x, list',
    '"a b" ALL=(a,b : c) SETENV: NOEXEC: ALL',
    'a ALL=(root) sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ== /bin/ls',
    'a ALL=(root) NOPASSWD: /usr/bin/systemctl ^restart a@[0-9]{1,2}$, /bin/x',
    'a ALL=(root) NOPASSWD: /bin/x, \\\n  /bin/y',
  ])
    test(`is read by visudo and by us: ${line}`, () => {
      assert.equal(visudo(`${line}\n`).status, 0)
      assert.deepEqual(checkSudoersSyntax(line), [])
    })

  for (const [line, what] of [
    ['deploy ALL=(ALL NOPASSWD /bin/x', /cannot read "\(ALL NOPASSWD/],
    ['complete rubbish', /cannot read "complete rubbish": expected WHO HOST=/],
    ['deploy ALL=(ALL) NOPASSWD /bin/x', /behind \(AS WHOM\) and TAG:/],
    ['deploy ALL=(ALL) NOPASWD: /bin/x', /cannot read/],
    ['deploy ALL=(root) NOPASSWD: systemctl restart a.service', /whole path, got "systemctl/],
    ['Cmnd_Alias X = foo', /whole path, got "foo"/],
    ['deploy ALL=', /a command behind = and behind each comma/],
    ['a ALL=(root) NOPASSWD: /bin/x,', /behind each comma/],
    ['a ALL NOPASSWD: /bin/x', /cannot read/],
    ['a ALL=/bin/a, \\\n  b/c', /cannot read/],
    ['Defaults', /cannot read/],
  ] as const)
    test(`is refused by visudo and by us: ${line}`, () => {
      assert.equal(visudo(`${line}\n`).status, 1)
      const [finding, ...more] = checkSudoersSyntax(`# a comment\n${line}\n`)
      assert.match(finding?.what ?? 'nothing', what)
      assert.deepEqual([finding?.severity, finding?.line, more.length], ['error', 2, 0])
    })
})
