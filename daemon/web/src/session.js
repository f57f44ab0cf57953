// What the daemon lets this page do. Actions are offered only where they would be allowed.
import { useLive } from './live.js';

const ACTING = ['operator', 'admin'];

export function useSession() {
  const { data } = useLive('/session', 30000);
  return {
    known: data !== null, role: data?.role ?? 'viewer', actor: data?.actor ?? '', canSignIn: data?.can_sign_in ?? false,
    mayAct: ACTING.includes(data?.role),
  };
}
