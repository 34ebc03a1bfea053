const TASK = 'a task is code: make it a script of the project, and call it in build or in hooks'
const HOOK =
  "write a command under hooks, such as 'after:publish'; deploy:updated is after:prepare, deploy:published is after:publish, deploy:finished is after:finish, deploy:failed is failed"
const ENVIRONMENT =
  'it reads the environment of the one who deploys: write the value, or process.env.NAME as in any TypeScript'

/** What to do about code that was not read; the first that fits. null: it has no meaning here. */
const ADVICE: ReadonlyArray<readonly [RegExp, string | null]> = [
  [/^Dir\.glob\(.*(import|load)/, null],
  [/^(namespace|task|desc)\b/, TASK],
  [/^(before|after)\b/, HOOK],
  [/^(import|load|require_relative)\b/, 'the file was not followed: see whether it holds settings'],
  [/\bask\b/, 'Capstan asks nothing in a deploy: give it with --set, as in --set source.branch=fix'],
  [
    /^(if|unless|case)\b/,
    'what holds only sometimes is written in TypeScript: a condition in the configuration, or a stage',
  ],
  [/\bENV\b/, ENVIRONMENT],
  [/`/, 'it runs a command here at each deploy: write its result, or give it with --set'],
]

const OTHER = 'it is code; write its result by hand'

/** What a person does about a piece of Ruby that was not read; null for what needs nothing. */
export function unreadAdvice(code: string): string | null {
  const found = ADVICE.find(([pattern]) => pattern.test(code))
  return found === undefined ? OTHER : found[1]
}
