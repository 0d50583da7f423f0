# SPDX-License-Identifier: Apache-2.0
# The second core is for cores.c; it sleeps in the others.
orrery_guests(loongarch COMPILER clang-19 SOURCES integer.S branch.S memory.S atomic.S float.S float_trap.S vector.S
    privilege.S paging.S interrupt.S watch.S lvz.S pch_pic.c interrupts.c cores.c
  COMMON start.S TIMEOUT 120 REPORTS
  FLAGS --target=loongarch64-linux-gnu -fuse-ld=lld-19 -mlsx -mlasx -O1 -ffreestanding -Wall -Wextra -Werror
  RUN --board loongarch-virt --cpu la664,ptw=on,msgint=on,lvz=on --smp 2 --memory 256M --serial stdio --timeout 10s)
