// @vitest-environment node
import { createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { claimMac, decode, encode, matchCode, newKey, newNonce, pollProof } from './crypto'

const secret = Buffer.alloc(32, 7).toString('base64url')
const transcript = { id: 'pair01', key: 'BKey', nonce: 'nonce' }

describe('the arithmetic of adding a phone, against another implementation', () => {
  test('claim', async () => {
    const expected = createHmac('sha256', Buffer.alloc(32, 7))
      .update('claim|pair01|BKey|nonce')
      .digest('base64url')
    expect(await claimMac(secret, transcript)).toBe(expected)
  })

  test('six digits', async () => {
    const bytes = hkdfSync('sha256', Buffer.alloc(32, 7), 'preau-pairing', 'code|pair01|BKey|nonce|server', 4)
    const expected = String(Buffer.from(bytes).readUInt32BE() % 1_000_000).padStart(6, '0')
    expect(await matchCode(secret, transcript, 'server')).toBe(expected)
  })

  test('digits change with every part of the transcript', async () => {
    const codes = await Promise.all([
      matchCode(secret, transcript, 'server'),
      matchCode(secret, transcript, 'other'),
      matchCode(secret, { ...transcript, id: 'pair02' }, 'server'),
      matchCode(secret, { ...transcript, key: 'BOther' }, 'server'),
      matchCode(secret, { ...transcript, nonce: 'another' }, 'server'),
    ])
    expect(new Set(codes).size).toBe(codes.length)
  })

  test('proof of the key, which cannot be taken out', async () => {
    const { pair, key } = await newKey()
    await expect(crypto.subtle.exportKey('jwk', pair.privateKey)).rejects.toThrow()
    const { at, sig } = await pollProof(pair.privateKey, 'pair01', 1234)
    const raw = Buffer.from(key, 'base64url')
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: raw.subarray(1, 33).toString('base64url'),
      y: raw.subarray(33).toString('base64url'),
    }
    const spki = createPublicKey({ key: jwk, format: 'jwk' })
    const said = Buffer.from(`poll|pair01|${at}`)
    expect(
      verify('sha256', said, { key: spki, dsaEncoding: 'ieee-p1363' }, Buffer.from(sig, 'base64url')),
    ).toBe(true)
  })

  test('base64url there and back', () => {
    for (const length of [0, 1, 2, 3, 16, 65]) {
      const bytes = Uint8Array.from({ length }, (_, i) => 251 - i)
      expect(decode(encode(bytes.buffer))).toEqual(bytes)
    }
    expect(newNonce()).toMatch(/^[\w-]{22}$/)
  })
})
