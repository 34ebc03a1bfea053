import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rubyStatements } from './ruby-statements.ts'
import { entriesOf, evaluate, RubySymbol, type Value } from './ruby-value.ts'

const KNOWN: Readonly<Record<string, Value>> = {
  application: 'shop',
  stage: new RubySymbol('staging'),
  dirs: ['log'],
}

/** The values of `set :x, …`. */
function settingOf(code: string): Value {
  const [statement, ...more] = rubyStatements(`set :x, ${code}\nlock '1'`)
  assert.ok(statement && 'call' in statement && statement.args.length === 2, `not read: ${code}`)
  assert.deepEqual(
    more.map(({ line }) => line > 1),
    [true],
  )
  return evaluate(statement.args[1]!, { fetch: (key) => KNOWN[key], constant: () => undefined })
}

describe('plain Ruby is read', () => {
  for (const [code, value] of [
    [`'it\\'s #{raw} \\n'`, "it's #{raw} \\n"],
    ['"a\\t\\"b\\""', 'a\t"b"'],
    ['"/var/www/#{fetch(:application)}/#{fetch(:stage)}"', '/var/www/shop/staging'],
    ['"#{fetch(:missing, "other")}"', 'other'],
    ['%q(a (b) c)', 'a (b) c'],
    [':system', new RubySymbol('system')],
    [':"a-b"', new RubySymbol('a-b')],
    ['10_000', 10000],
    ['true', true],
    ['nil', null],
    ['%w[a b] # comment', ['a', 'b']],
    ["[\n  'a', # first\n  'b',\n]", ['a', 'b']],
    ["fetch(:dirs, []).push('tmp', 'bin')", ['log', 'tmp', 'bin']],
    ['fetch(:dirs) +\n  %w{tmp}', ['log', 'tmp']],
    ["'a'.freeze", 'a'],
  ] as const) {
    test(code, () => assert.deepEqual(settingOf(code), value))
  }

  test('hashes in both forms', () => {
    const hash = settingOf("{ 'A' => 1, b: :c, :d => [nil] }")
    assert.deepEqual(
      [...entriesOf(hash)],
      [
        ['A', 1],
        ['b', new RubySymbol('c')],
        ['d', [null]],
      ],
    )
  })
})

describe('what is more than a setting comes as one piece', () => {
  for (const code of [
    "namespace :deploy do\n  task :x do\n    on roles(:app) do |host|\n      if test('x') then execute 'y' end\n    end\n  end\nend",
    "if ENV['CI']\n  set :branch, 'x'\nend",
    "set :x, 'a' if ENV['CI']",
    "set :x, ENV['A'] || b",
    'set :x, `git branch`.chomp',
    'set :x, <<~TEXT\n  it\'s "here\nTEXT',
    "set :x, 'a'.sub(/it's/, '')",
    "set :x, proc {\n  'a'\n}",
    'while x do\n  y\nend',
    '%w[a b].each do |role|\n  server role\nend',
    'x = if y\n  1\nend',
    "before 'a', 'b' do\n  puts \"#{x}\"\nend",
    'task :x do\n  puts(if x then 1 end)\n  y.end\n  z { |a| if a then 2 end }\n  `true` if x\n  y.(1)\nend',
  ]) {
    test(JSON.stringify(code), () => {
      const [piece, after, ...more] = rubyStatements(`\n${code}\nset :next, 1\n`)
      assert.ok(piece && 'unread' in piece)
      assert.deepEqual([piece.line, piece.unread], [2, code.split('\n')[0]])
      assert.ok(after && 'call' in after)
      assert.deepEqual([after.line, after.call, more], [code.split('\n').length + 2, 'set', []])
    })
  }

  test('comments are none, also in blocks', () =>
    assert.deepEqual(rubyStatements("# set :a, 1\n=begin\nset :b, it's\n=end\n"), []))

  test('a text without an end takes the rest, and no more time', () =>
    assert.equal(rubyStatements("set :a, 'b\nset :c, 1").length, 1))
})
