/** One browser's way to the server: its cookies, and all that goes wrong on the way. */

export type Trouble =
  | 'down' // the request never arrives
  | 'lost' // it is carried out, the answer is lost
  | 'cut' // the answer ends in the middle
  | 'doubled' // it arrives twice
  | 'slow' // the answer takes its time

export class Network {
  online = true
  /** What happens to the next requests, in order. */
  readonly troubles: Trouble[] = []
  /** Device ids that the server gave out, even when the answer was lost. */
  readonly devices = new Set<string>()
  #cookies = new Map<string, string>()

  constructor(private readonly server: { readonly url: string }) {}

  fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const trouble = this.troubles.shift()
    if (!this.online || trouble === 'down') throw new TypeError('no network')
    const response = await this.#send(path, init)
    switch (trouble) {
      case 'lost':
        await response.arrayBuffer()
        throw new TypeError('connection reset')
      case 'doubled':
        await response.arrayBuffer()
        return this.#send(path, init)
      case 'cut': {
        const body = await response.arrayBuffer()
        const { status, headers } = response
        const isEmpty = status === 204 || body.byteLength === 0
        return new Response(isEmpty ? null : body.slice(0, body.byteLength / 2), { status, headers })
      }
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, 15))
        return response
      default:
        return response
    }
  }

  async json<T>(path: string, body?: unknown): Promise<T> {
    const response = await this.#send(path, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body !== undefined && {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('Cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const { keepalive: _, credentials: __, ...rest } = init
    const response = await fetch(new URL(path, this.server.url), { ...rest, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';')[0]?.split(/=(.*)/s) ?? []
      this.#cookies.set(name, value)
    }
    if (response.ok && init.method === 'POST' && path.startsWith('/api/session'))
      this.devices.add(((await response.clone().json()) as { device: string }).device)
    return response
  }
}
