/** Something a person has to look at, and where: `config/deploy.rb:12`, or `stage production`. */
export interface Remark {
  readonly at: string
  readonly text: string
  /** Hosts that were deployed to are not in the configuration for it. */
  readonly hostsMissing?: true
}
