/* SPDX-License-Identifier: MIT */
/* Stacks of fibers; see stack.h. Pages are untouched, so cost nothing, until a fiber gets that deep. */
#include "stack.h"

#include <sys/mman.h>

#define GUARD ((size_t)4096)

void *wn_stack_new(void)
{
	char *p = mmap(NULL, GUARD + WN_STACK_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, GUARD, PROT_NONE) < 0) {
		munmap(p, GUARD + WN_STACK_SIZE);
		return NULL;
	}
	return p + GUARD;
}

#ifdef WN_STACK_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

void wn_stack_free(void *stack)
{
	wn_stack_reuse(stack);
	munmap((char *)stack - GUARD, GUARD + WN_STACK_SIZE);
}

void wn_stack_reuse(void *stack)
{
	__asan_unpoison_memory_region(stack, WN_STACK_SIZE);
}

void wn_stack_leave(void **fake, const void *bottom, size_t size)
{
	__sanitizer_start_switch_fiber(fake, bottom, size);
}

void wn_stack_enter(void *fake, const void **from_bottom, size_t *from_size)
{
	__sanitizer_finish_switch_fiber(fake, from_bottom, from_size);
}
#else
void wn_stack_free(void *stack)
{
	munmap((char *)stack - GUARD, GUARD + WN_STACK_SIZE);
}

void wn_stack_reuse(void *stack)
{
	(void)stack;
}

void wn_stack_leave(void **fake, const void *bottom, size_t size)
{
	(void)fake, (void)bottom, (void)size;
}

void wn_stack_enter(void *fake, const void **from_bottom, size_t *from_size)
{
	(void)fake, (void)from_bottom, (void)from_size;
}
#endif
