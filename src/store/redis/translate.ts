import { StoreError } from '../../kernel/errors.ts'

/** What can happen to a command instead of a useful answer. */
export type Trouble =
  /** The server answered with an error. */
  | { readonly kind: 'reply'; readonly text: string }
  /** There is no connection, and the command was not sent. */
  | { readonly kind: 'disconnected'; readonly cause: unknown }
  /** The command was sent, and its answer will never come. */
  | { readonly kind: 'unanswered'; readonly why: string }
  /** There is a connection, but no login came of it: nothing else was sent. */
  | { readonly kind: 'silent'; readonly afterMs: number }
  /** The store was closed by its owner. */
  | { readonly kind: 'closed' }

interface Rule {
  readonly code: string
  readonly retryable: boolean
  readonly advice: string
}

const wait = (advice: string): Rule => ({ code: 'store.not_stored', retryable: true, advice })
const fix = (advice: string): Rule => ({ code: 'store.not_stored', retryable: false, advice })

/** The first word of an error reply → what it means to us. */
const RULES: Readonly<Record<string, Rule>> = {
  OOM: {
    code: 'store.full',
    retryable: true,
    advice: 'raise maxmemory, or let the workers drain the queues',
  },
  LOADING: wait('the server is reading its data and will be ready soon'),
  READONLY: wait('this server is a replica now; the new primary is looked up'),
  MASTERDOWN: wait('the replica has lost its primary'),
  NOREPLICAS: wait('too few replicas are connected for min-replicas-to-write'),
  MISCONF: wait('the server cannot write its snapshot; see its log and its disk'),
  BUSY: wait('a script keeps the server busy'),
  TRYAGAIN: wait('slots are moving between nodes'),
  CLUSTERDOWN: wait('the cluster does not serve all slots'),
  UNBLOCKED: wait('the server has changed its role'),
  NOAUTH: fix('give the password in the URL: redis://:PASSWORD@HOST'),
  WRONGPASS: fix('check the user and the password in the URL'),
  NOPERM: fix('let this user run EVALSHA and touch the keys of the store (ACL SETUSER)'),
  WRONGTYPE: fix('a key of the store holds another kind of value; another program uses this database'),
}
const NO_SUCH_DATABASE = fix(
  'end the URL with the number of a database that the server has (/0), or raise "databases" in redis.conf',
)
const UNKNOWN_REPLY = fix('this server or its set-up does not do what the store needs')

/**
 * The StoreError for a trouble. The only place that reads the words of the server or the driver.
 *
 * @param where the server, without secrets
 */
export function translate(trouble: Trouble, where: string): StoreError {
  switch (trouble.kind) {
    case 'reply': {
      const rule = ruleFor(trouble.text)
      return new StoreError(
        rule.code,
        `Redis at ${where}: ${trouble.text.replace(/\.$/, '')}; ${rule.advice}`,
        {
          retryable: rule.retryable,
        },
      )
    }
    case 'disconnected':
      return new StoreError('store.not_stored', `no connection to Redis at ${where}; nothing was sent`, {
        retryable: true,
        cause: trouble.cause,
      })
    case 'unanswered':
      return new StoreError(
        'store.unknown',
        `Redis at ${where} did not answer (${trouble.why}); it may have taken effect, repeating is safe`,
        { retryable: true },
      )
    case 'silent':
      return new StoreError(
        'store.not_stored',
        `Redis at ${where} took the connection and said nothing for ${trouble.afterMs} ms; it hangs, or something else listens there`,
        { retryable: true },
      )
    case 'closed':
      return new StoreError('store.closed', `the connection to Redis at ${where} was closed`)
  }
}

function ruleFor(text: string): Rule {
  if (/DB index is out of range|invalid DB index/i.test(text)) return NO_SUCH_DATABASE
  return RULES[replyCode(text)] ?? UNKNOWN_REPLY
}

/**
 * The code word of an error reply, `''` when it has none. Redis before 7 wraps an error raised inside a script:
 * `ERR Error running script (call to f_…): @user_script:1: -OOM command not allowed …`.
 */
export function replyCode(text: string): string {
  const inner = /@user_script: ?\d+: -?([A-Z]+) /.exec(text)?.[1]
  return inner ?? /^[A-Z]+(?= |$)/.exec(text)?.[0] ?? ''
}
