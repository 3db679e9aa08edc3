import type { Authenticator } from '../auth/authenticator.ts';
import { AppError } from '../core/errors.ts';
import type { Actor, Principal } from '../core/principal.ts';
import { authorize } from './authorize.ts';
import { addressKeyOf, limitKeyOf } from './caller.ts';
import type { Denials } from './denials.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RouteDefinition } from './route.ts';

export interface GateOptions {
  readonly authenticator: Omit<Authenticator, 'forget'>;
  readonly rateLimit: RateLimit;
  readonly denials: Denials;
  /** Whether secrets may travel in the clear: where only this machine hears them, or the operator has said so. */
  readonly secretsOverHttp: boolean;
}

/** What the gate looks at. */
export interface Asking {
  readonly route: RouteDefinition;
  readonly params: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly address: string;
  readonly requestId: string;
  /** Came over TLS, here or as far as a trusted proxy. */
  readonly isSecure: boolean;
}

/** What every request that a route takes passes first. */
export interface Gate {
  /**
   * Finds out who asks, counts the request, and lets it pass or refuses it. Answers at once where nothing has to be looked up.
   * @param head names and values of response headers, in turn; the gate adds its own, also where it refuses
   * @throws {AppError} `RATE_LIMITED`, `INSECURE_TRANSPORT`, `AUTHENTICATION_REQUIRED`, `TOKEN_REJECTED`, `FORBIDDEN`
   */
  enter(asking: Asking, head: string[]): Actor | Promise<Actor>;
  /** Counts a request that no route takes. @throws {AppError} `RATE_LIMITED` */
  count(address: string, head: string[]): void;
}

export function createGate({ authenticator, rateLimit, denials, secretsOverHttp }: GateOptions): Gate {
  const refuse = (error: unknown, asking: Asking, principal: Principal): never => {
    denials.note(error, asking, actorOf(principal, asking));
    throw error;
  };

  const admit = (principal: Principal, asking: Asking, head: string[]): Actor => {
    const { route, address, isSecure } = asking;
    rateLimit.count(limitKeyOf(principal, address), head);
    try {
      if (route.secret === true && !isSecure && !secretsOverHttp) throw new AppError('INSECURE_TRANSPORT');
      authorize(route, principal);
    } catch (error) {
      refuse(error, asking, principal);
    }
    return actorOf(principal, asking);
  };

  /** Guessed tokens are the address's, and cost it no more than that: past its limit nothing is looked up any more. */
  const lookUp = async (asking: Asking, head: string[]): Promise<Actor> => {
    const { address, authorization } = asking;
    if (rateLimit.isExhausted(addressKeyOf(address))) rateLimit.count(addressKeyOf(address), head);
    let principal: Principal;
    try {
      principal = await authenticator.authenticate(authorization);
    } catch (error) {
      rateLimit.count(addressKeyOf(address), head);
      return refuse(error, asking, authenticator.nobody);
    }
    return admit(principal, asking, head);
  };

  return {
    enter(asking, head) {
      const known = asking.route.action === 'open' ? authenticator.nobody : authenticator.recall(asking.authorization);
      return known === null ? lookUp(asking, head) : admit(known, asking, head);
    },
    count: (address, head) => rateLimit.count(addressKeyOf(address), head),
  };
}

const actorOf = (principal: Principal, { address, requestId }: Asking): Actor => ({ principal, address, requestId });
