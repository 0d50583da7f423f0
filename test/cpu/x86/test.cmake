# SPDX-License-Identifier: Apache-2.0
# Programs in C, run in 64-bit mode from a firmware image of their own.
orrery_guests(x86 COMPILER gcc SOURCES exceptions.c interrupts.c smm.c debug.c last_branch.c kvm.c self_modifying.c fast_calls.c COMMON start.S tables.c TIMEOUT 120 REPORTS
  LOAD --bios MODES interp jit lockstep
  FLAGS -O2 -Wall -Wextra -Werror -ffreestanding -mgeneral-regs-only -mno-red-zone -fno-stack-protector -fcf-protection=none
    -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -Wno-array-bounds -Wl,--oformat=binary
  RUN --board x86-q35 --cpu max --memory 64M --serial stdio --timeout 60s)
