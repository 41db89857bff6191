/** The three script addresses that this app ever makes: Trusted Types let no other through. */

interface Policy {
  createScriptURL(url: string): string
}

interface TrustedTypes {
  createPolicy(name: string, rules: Policy): Policy
}

const rules: Policy = { createScriptURL: (url) => url }
const policy = (window as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('preau', rules) ?? rules

export function scriptUrl(path: '/sw.js' | '/qr-worker.js' | `/pdf-${string}/worker.js`): string {
  return policy.createScriptURL(path)
}
