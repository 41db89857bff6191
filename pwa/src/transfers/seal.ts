/**
 * How the files of a transfer are sealed, so that only who has the whole link reads them.
 *
 *   link      /t/SECRET#KEY     KEY: 32 bytes at random in base64url; what follows "#" is sent to no server
 *   part 0    the manifest      {"title", "files": [{"name", "type", "size"}]} as JSON, spaces behind it
 *   part n    the n-th file of the manifest
 *
 * Each part is sealed by itself:
 *
 *   header    "PREAU/1\n" (8 bytes), salt (24 bytes at random)
 *   chunk i   AES-256-GCM of bytes 65,536·i up to 65,536·(i+1) or the end, with its tag of 16 bytes behind
 *
 *   key ‖ prefix = HKDF-SHA-256(KEY, salt, "preau transfer 1 part n"): 32 and 7 bytes
 *   nonce of chunk i = prefix ‖ i (4 bytes, big end first) ‖ 1 if it is the last one, else 0
 *
 * There is always a last chunk; that of an empty file is a tag alone. A chunk that is missing, moved, cut or of another
 * part does not open. Vectors: api/transfer/testdata/sealed.json.
 */

export type Bytes = Uint8Array<ArrayBuffer>

export const chunkBytes = 65_536
export const headerBytes = 32
const tagBytes = 16
const saltBytes = 24
const sealedChunk = chunkBytes + tagBytes
const magic = new TextEncoder().encode('PREAU/1\n')

const chunksOf = (size: number): number => Math.max(1, Math.ceil(size / chunkBytes))

/** How many bytes a sealed file has. */
export const sealedSize = (size: number): number => headerBytes + size + tagBytes * chunksOf(size)

/** How many bytes were sealed; undefined if no file has so many when sealed. */
export function plainSize(sealed: number): number | undefined {
  const size = sealed - headerBytes - tagBytes * Math.ceil((sealed - headerBytes) / sealedChunk)
  return size >= 0 && sealedSize(size) === sealed ? size : undefined
}

export const newKey = (): Bytes => crypto.getRandomValues(new Uint8Array(32))
export const newSalt = (): Bytes => crypto.getRandomValues(new Uint8Array(saltBytes))

/** A key as it stands in a link. */
export function keyText(key: Bytes): string {
  return btoa(String.fromCharCode(...key))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** The key that a link has; undefined if it has none, or a part of one. */
export function readKey(text: string): Bytes | undefined {
  if (!/^[\w-]{43}$/.test(text)) return undefined
  const key = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
    one.charCodeAt(0),
  )
  return keyText(key) === text ? key : undefined
}

/** Bytes are not what was sealed, or not with this key. */
export class Broken extends Error {
  constructor() {
    super('sealed bytes do not open')
  }
}

/** Seals and opens one part. */
export class Seal {
  private constructor(
    private readonly key: CryptoKey,
    private readonly prefix: Bytes,
    private readonly header: Bytes,
  ) {}

  static async of(key: Bytes, part: number, salt: Bytes): Promise<Seal> {
    const info = new TextEncoder().encode(`preau transfer 1 part ${part}`)
    const master = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveBits'])
    const derived = await crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt, info },
      master,
      39 * 8,
    )
    const uses: KeyUsage[] = ['encrypt', 'decrypt']
    const own = await crypto.subtle.importKey('raw', derived.slice(0, 32), 'AES-GCM', false, uses)
    return new Seal(own, new Uint8Array(derived, 32), joined([magic, salt]))
  }

  /** By the header that a sealed part begins with. */
  static async from(key: Bytes, part: number, header: Bytes): Promise<Seal> {
    if (header.length !== headerBytes || magic.some((byte, i) => header[i] !== byte)) throw new Broken()
    return Seal.of(key, part, header.slice(magic.length))
  }

  /** Bytes from..to of the sealed file; the same ones whenever they are asked for. */
  async range(file: Blob, from: number, to: number): Promise<Bytes> {
    const first = Math.max(0, Math.floor((from - headerBytes) / sealedChunk))
    const end = Math.max(0, Math.ceil((to - headerBytes) / sealedChunk))
    const plain = await file.slice(first * chunkBytes, end * chunkBytes).arrayBuffer()
    const chunks = await Promise.all(
      Array.from({ length: end - first }, (_, i) => this.#sealed(plain, i, first + i, file.size)),
    )
    const at = first === 0 ? 0 : headerBytes + first * sealedChunk
    return joined([...(first === 0 ? [this.header] : []), ...chunks]).subarray(from - at, to - at)
  }

  /** Opens whole chunks, the first of which is number `first`, of a file of so many bytes. */
  async open(sealed: Bytes, first: number, size: number): Promise<Bytes> {
    const count = Math.ceil(sealed.length / sealedChunk)
    return joined(
      await Promise.all(
        Array.from({ length: count }, (_, i) =>
          this.#opened(sealed.subarray(i * sealedChunk, (i + 1) * sealedChunk), first + i, size),
        ),
      ),
    )
  }

  async #sealed(plain: ArrayBuffer, i: number, index: number, size: number): Promise<Bytes> {
    const chunk = new Uint8Array(
      plain,
      i * chunkBytes,
      Math.min(chunkBytes, plain.byteLength - i * chunkBytes),
    )
    return new Uint8Array(await crypto.subtle.encrypt(this.#nonce(index, size), this.key, chunk))
  }

  async #opened(chunk: Bytes, index: number, size: number): Promise<Bytes> {
    const is = Math.min(chunkBytes, size - index * chunkBytes) + tagBytes
    if (index >= chunksOf(size) || chunk.length !== is) throw new Broken()
    try {
      return new Uint8Array(await crypto.subtle.decrypt(this.#nonce(index, size), this.key, chunk))
    } catch {
      throw new Broken()
    }
  }

  #nonce(index: number, size: number): AesGcmParams {
    const iv = new Uint8Array(12)
    iv.set(this.prefix)
    new DataView(iv.buffer).setUint32(7, index)
    iv[11] = Number(index === chunksOf(size) - 1)
    return { name: 'AES-GCM', iv }
  }
}

/** Where chunks first..end lie in a sealed file of so many bytes. */
export function sealedRange(first: number, end: number, size: number): [from: number, to: number] {
  return [headerBytes + first * sealedChunk, Math.min(headerBytes + end * sealedChunk, sealedSize(size))]
}

function joined(parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
