/** "Téléphone Android · Chrome": how this browser will be named in the list of devices. */
import { t } from '../i18n/index.svelte'

const browsers: [RegExp, string][] = [
  [/Edg(A|iOS)?\//, 'Edge'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]

export function deviceLabel(agent = navigator.userAgent): string {
  const browser = browsers.find(([pattern]) => pattern.test(agent))?.[1]
  return [machine(agent), browser].filter(Boolean).join(' · ')
}

function machine(agent: string): string {
  if (/iPhone/.test(agent)) return 'iPhone'
  if (/iPad/.test(agent)) return 'iPad'
  if (/Android/.test(agent))
    return /Mobile/.test(agent) ? t('device.androidPhone') : t('device.androidTablet')
  if (/CrOS/.test(agent)) return 'Chromebook'
  if (/Macintosh/.test(agent)) return 'Mac'
  if (/Windows/.test(agent)) return t('device.windows')
  return /Linux/.test(agent) ? t('device.linux') : t('device.other')
}
