/* SPDX-License-Identifier: MIT */
/* Inside of the registry, shared by registry.c (building, looking up) and records.c (records for CEL). */
#ifndef WN_SIGNAL_REGISTRY_H
#define WN_SIGNAL_REGISTRY_H

#include <whynow/limits.h>
#include <whynow/registry.h>

/* An attribute over all kinds; `variants` is the set of kinds that have it. */
struct wn_registry_attribute {
	struct wn_attr_def def;
	uint64_t variants[WN_KINDS_MAX / 64];
};

/* Mappings whose programs are there, last used first. */
struct wn_mapping_warmth {
	struct wn_mapping *by_use[WN_MAPPINGS_WARM];
	size_t n;
};

struct wn_registry {
	struct wn_arena *arena;
	bool sealed;
	WN_VEC(struct wn_kind_def) kinds;
	WN_VEC(struct wn_registry_attribute) attrs;
	WN_VEC(struct wn_trait_def) traits;
	const char **kind_names; /* NULL-terminated, once sealed */
	struct cel_record signal, account, contact;
	struct cel_env *mapping_env; /* of every mapping; tens of KiB, so there is one */
	struct wn_mapping_warmth *warmth;
};

/* Makes the three records of a sealed, sorted registry. */
void wn_registry_make_records(struct wn_registry *r);
/* The environment of mappings (mapping_functions.c); the host pointer of evaluation is the mapping. */
enum wn_rc wn_mapping_env_new(struct cel_env **out, struct wn_err *err) WN_MUST_CHECK;
/* True if the name is a common field of signals, accounts or contacts. */
bool wn_registry_is_signal_field(const char *name);
bool wn_registry_is_trait_field(enum wn_trait_of of, const char *name);

#endif
