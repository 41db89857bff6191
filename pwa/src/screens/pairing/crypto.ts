/**
 * What a new phone computes to be added. The secret of the QR code proves that it was seen; the key never leaves
 * this phone; the six digits bind both to what the person reads and types on the other device.
 */

export interface Transcript {
  id: string
  /** Raw uncompressed P-256 point, base64url. */
  key: string
  nonce: string
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' }
const text = (value: string) => new TextEncoder().encode(value)

/** A key pair whose private half can be used here and never read. */
export async function newKey(): Promise<{ pair: CryptoKeyPair; key: string }> {
  const pair = await crypto.subtle.generateKey(ecdsa, false, ['sign', 'verify'])
  return { pair, key: encode(await crypto.subtle.exportKey('raw', pair.publicKey)) }
}

export function newNonce(): string {
  return encode(crypto.getRandomValues(new Uint8Array(16)).buffer)
}

/** Proves that this phone holds the secret, and ties it to the key and the nonce. */
export async function claimMac(secret: string, { id, key, nonce }: Transcript): Promise<string> {
  const mac = await crypto.subtle.importKey('raw', decode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])
  return encode(await crypto.subtle.sign('HMAC', mac, text(`claim|${id}|${key}|${nonce}`)))
}

/** The six digits that the person types on the other device. */
export async function matchCode(
  secret: string,
  { id, key, nonce }: Transcript,
  serverNonce: string,
): Promise<string> {
  const material = await crypto.subtle.importKey('raw', decode(secret), 'HKDF', false, ['deriveBits'])
  const info = text(`code|${id}|${key}|${nonce}|${serverNonce}`)
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: text('preau-pairing'), info },
    material,
    32,
  )
  return String(new DataView(bits).getUint32(0) % 1_000_000).padStart(6, '0')
}

/** Shows the server, at each question, that it is still this phone that asks. */
export async function pollProof(
  key: CryptoKey,
  id: string,
  at: number,
): Promise<{ at: number; sig: string }> {
  const sig = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, text(`poll|${id}|${at}`))
  return { at, sig: encode(sig) }
}

export function encode(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

export function decode(value: string): Uint8Array<ArrayBuffer> {
  const binary = atob(value.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}
