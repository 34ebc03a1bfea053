import { UsageError } from '../kernel/errors.ts'

/** The part of the Standard Schema interface (version 1) that checking arguments needs: zod, valibot, arktype … all have it. */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<SchemaIssue> }

interface SchemaIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

export type SchemaInput<S> = S extends Schema<infer Input, infer _Output> ? Input : never
export type SchemaOutput<S> = S extends Schema<infer _Input, infer Output> ? Output : never

/**
 * Checks arguments against a job's schema and returns what the schema makes of them.
 *
 * @throws UsageError `job.invalid_arguments`, naming each path and what is wrong there
 */
export async function checkSchema<Output>(
  job: string,
  schema: Schema<unknown, Output>,
  args: unknown,
): Promise<Output> {
  const result = await schema['~standard'].validate(args)
  if (result.issues === undefined) return result.value
  const problems = result.issues.map((issue) => `args${pathOf(issue)}: ${issue.message}`)
  throw new UsageError('job.invalid_arguments', `${job}: ${problems.join('; ')}`)
}

function pathOf(issue: SchemaIssue): string {
  const keys = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step))
  return keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
}
