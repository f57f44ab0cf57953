// What the daemon lets this page do. Actions are offered only where they would be allowed.
import { useLive } from './live.js';

const ACTING = ['operator', 'admin'];

export function useSession() {
  const { data } = useLive('/session', 30000);
  return { role: data?.role ?? 'viewer', actor: data?.actor ?? '', mayAct: ACTING.includes(data?.role) };
}
