/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_DEVICES_BACKEND_RNG_H
#define ORRERY_DEVICES_BACKEND_RNG_H
/*
 * Sources of random bytes for virtio-rng and its like.
 *
 *   seeded  (default) a stream that follows from the machine's seed and the id: every run
 *           is the same. Saved with the machine.
 *   host    getrandom(2); each answer is an input (host.h), recorded and replayed.
 *
 * Spelt as QEMU's -object: "rng-builtin,id=r0" is seeded, "rng-random,id=r0
 * [,filename=/dev/urandom]" is host entropy.
 *
 * Ownership: hangs off the host. Determinism: see above.
 */
#include "devices/backend/host.h"

struct rng;

#define RNG_MAX_REQUEST 4096 /* bytes of one answer */
#define RNG_MAX_WAITING 64

/* `bytes` lives for the call. Called once per request, in order of the requests. */
typedef void rng_ready_fn(void *arg, const uint8_t *bytes, size_t n);

/* `spec` as above. ERR_ARG. */
int rng_open(struct rng **out, struct host *h, const char *spec, struct err *e) MUST_CHECK;
struct rng *rng_find(struct host *h, const char *id);

/* One consumer each. ERR_ARG if there is one. */
int rng_attach(struct rng *r, rng_ready_fn *fn, void *arg, struct err *e) MUST_CHECK;

/*
 * Ask for `n` bytes (cut to RNG_MAX_REQUEST). The answer has exactly that many and
 * comes before this returns (seeded) or in a later host_poll() (host). At most
 * RNG_MAX_WAITING requests may wait; one more is forgotten.
 */
void rng_request(struct rng *r, size_t n);
/* Forget requests not yet answered (device reset). */
void rng_cancel(struct rng *r);

#endif
