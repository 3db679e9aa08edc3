/**
 * Whoever a request is made as. Until access control exists there are two: `local`, anybody on this machine while
 * Portolan is bound to loopback, and `anonymous`, anybody at all where the operator spelled out `AUTH=off`.
 */
export interface Principal {
  readonly kind: 'local' | 'anonymous';
}
