interface Refusal {
  readonly words: RegExp
  readonly advice: (host: string) => string
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
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    advice: (host) =>
      `its host key is another than before: somebody may stand in between. If it was set up anew: ssh-keygen -R ${host}`,
  },
  {
    words: /Host key verification failed/,
    advice: (host) => `its host key is not known here; compare the fingerprint by hand once: ssh ${host}`,
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

/** Turns the last words of ssh into what a person should do. */
export function explainRefusal(host: string, words: string): { advice: string; retryable: boolean } {
  const refusal = REFUSALS.find((known) => known.words.test(words))
  const advice =
    refusal?.advice(host) ?? `the shell there ended before it answered; try it by hand: ssh ${host} true`
  return { advice, retryable: refusal?.retryable ?? false }
}
