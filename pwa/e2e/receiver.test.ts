// Alerts as a receiver reads them that shares no code with Préau: web-push-testing checks the signature and
// the key of the server, and decrypts with a library of its own.
import { createServer, type AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import type { Server as HTTP } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Remote } from './remote.ts'
import { Server } from './server.ts'

interface Receiver {
  startServer: () => void
  _server: HTTP
}
const load = createRequire(import.meta.url)
const { PushApiModel } = load('web-push-testing/src/PushApiModel.js') as {
  PushApiModel: new () => { notifyUrl: string }
}
const WebPushTestingServer = load('web-push-testing/src/server.js') as new (
  model: object,
  port: number,
) => Receiver

let server: Server
let receiver: Receiver
let origin: string

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((done) => probe.listen(0, 'localhost', done))
  const { port } = probe.address() as AddressInfo
  await new Promise((done) => probe.close(done))
  return port
}

beforeAll(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port.toString()}`
  const model = new PushApiModel()
  receiver = new WebPushTestingServer(model, port)
  model.notifyUrl = `${origin}/notify/` // it would say localhost, and Préau dials addresses that it was told
  receiver.startServer()
  server = await Server.start({ env: { PREAU_PUSH_HOSTS: origin } })
})
afterAll(async () => {
  receiver._server.close()
  await server.stop()
})

async function asked<T>(path: string, body: object): Promise<T> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return response.json().catch(() => ({})) as Promise<T>
}

interface Subscribed {
  data: { endpoint: string; keys: { p256dh: string; auth: string }; clientHash: string }
}

async function subscribed(who: Remote): Promise<Subscribed['data']> {
  const { key } = await who.call<{ key: string }>('GET', '/api/push')
  const { data } = await asked<Subscribed>('/subscribe', {
    userVisibleOnly: 'true',
    applicationServerKey: key,
  })
  await who.call('PUT', '/api/push', { endpoint: data.endpoint, keys: data.keys })
  return data
}

test('an independent receiver checks the signature and decrypts an alert', async () => {
  const ines = await Remote.signIn(server, 'ines.benali', 'tortue-violon-pamplemousse-marée')
  const { endpoint, clientHash } = await subscribed(ines)
  expect(await ines.call('POST', '/api/push/test', {})).toEqual({
    tried: [{ endpoint, status: 201, ok: true }],
  })
  const got = await asked<{ data: { messages: string[] } }>('/get-notifications', { clientHash })
  expect(JSON.parse(got.data.messages[0] ?? '')).toMatchObject({
    web_push: 8030,
    notification: { title: 'Les alertes arrivent bien ici', navigate: `${server.url}/` },
  })
})

test('what has expired there is forgotten here', async () => {
  const nadia = await Remote.signIn(server, 'nadia.benali', 'lanterne-crocus-pirogue-safran')
  const { endpoint, clientHash } = await subscribed(nadia)
  await fetch(`${origin}/expire-subscription/${clientHash}`, { method: 'POST' })
  expect(await nadia.call('POST', '/api/push/test', {})).toEqual({
    tried: [{ endpoint, status: 410, ok: false }],
  })
  expect(await nadia.call('GET', '/api/push')).toMatchObject({ subscriptions: [] })
})
