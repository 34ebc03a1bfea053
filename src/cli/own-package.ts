import { registerHooks } from 'node:module'

/**
 * Lets `import 'capstan'` in a configuration or a job mean this very package where none is installed beside it:
 * for a command that was installed globally, and for a checkout.
 */
export function offerOwnPackage(): void {
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context)
      } catch (error) {
        if (!/^capstan(\/|$)/.test(specifier)) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}
