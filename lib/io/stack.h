/* SPDX-License-Identifier: MIT */
/*
 * Stacks of fibers: mapped memory with a guard page below, and what the address sanitizer wants to hear when
 * execution moves from one stack to another. In builds without it the two hooks are empty.
 */
#ifndef WHYNOW_STACK_H
#define WHYNOW_STACK_H

#include <stddef.h>
#include <whynow/limits.h>

#if defined(__SANITIZE_ADDRESS__)
#define WN_STACK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WN_STACK_ASAN 1
#endif
#endif

#ifdef WN_STACK_ASAN
#define WN_STACK_SIZE ((size_t)WN_FIBER_STACK * 4) /* red zones make frames larger */
#else
#define WN_STACK_SIZE ((size_t)WN_FIBER_STACK)
#endif

/* Lowest usable byte of WN_STACK_SIZE bytes; NULL when memory is out. */
void *wn_stack_new(void);
void wn_stack_free(void *stack);
/* A stack gets a new fiber: forget what the sanitizer knew of the old one. */
void wn_stack_reuse(void *stack);
/* About to leave the running stack (`fake` NULL: for ever) for the one at bottom. */
void wn_stack_leave(void **fake, const void *bottom, size_t size);
/* Just arrived; tells where from unless NULL. */
void wn_stack_enter(void *fake, const void **from_bottom, size_t *from_size);

#endif
