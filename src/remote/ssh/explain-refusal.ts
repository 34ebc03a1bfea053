import { sshCommand, typed } from '../ssh-command.ts'
import type { HostAddress } from '../transport.ts'

interface Refusal {
  readonly words: RegExp
  readonly advice: (command: string, address: HostAddress) => string
  /** It may pass by itself. */
  readonly retryable?: true
}

/** What ssh says, and what to do then. The first that fits counts. */
const REFUSALS: readonly Refusal[] = [
  {
    words: /could not be started/,
    advice: () => 'the program ssh does not start here; install an OpenSSH client',
  },
  {
    words: /Can't open user config file|Bad configuration option|bad configuration options/,
    advice: () =>
      'ssh cannot read its own configuration on this machine; mend the file, or correct "ssh" (-F) in the configuration of the deploy',
  },
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    advice: (_command, address) =>
      `its host key is another than before: somebody may stand in between. If it was set up anew: ${typed(['ssh-keygen', '-R', knownAs(address)])}`,
  },
  {
    words: /Host key verification failed/,
    advice: (command) => `its host key is not known here; compare the fingerprint by hand once: ${command}`,
  },
  {
    words: /Permission denied|Too many authentication failures/,
    advice: () =>
      'it accepts none of our keys; is the right one loaded (ssh-add -l), the user right, the key in authorized_keys there?',
  },
  {
    words: /Could not resolve hostname/,
    advice: () => 'its name is unknown; is it spelt right, here and in the configuration of ssh?',
  },
  {
    words: /Connection refused/,
    advice: () => 'nothing listens on that port; does sshd run there, and is the port right?',
    retryable: true,
  },
  {
    words: /timed out|No route to host|Network is unreachable/,
    advice: () => 'no answer; is the host up, and does a firewall let us through?',
    retryable: true,
  },
]

/** As known_hosts has it: the usual port is left out. */
function knownAs({ host, port = SSH_PORT }: HostAddress): string {
  return port === SSH_PORT ? host : `[${host}]:${port}`
}

const SSH_PORT = 22

/** What ssh was given and what it said. */
interface Refused {
  readonly options: readonly string[]
  readonly words: string
}

/** Turns the last words of ssh into what a person should do. */
export function explainRefusal(
  address: HostAddress,
  { options, words }: Refused,
): { advice: string; retryable: boolean } {
  const command = sshCommand(address, options)
  const refusal = REFUSALS.find((known) => known.words.test(words))
  const advice =
    refusal?.advice(command, address) ??
    `the shell there ended before it answered; try it by hand: ${command} true`
  return { advice, retryable: refusal?.retryable ?? false }
}
