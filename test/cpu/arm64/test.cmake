# SPDX-License-Identifier: Apache-2.0
# Programs in C, run at EL2.
orrery_guests(arm64 COMPILER aarch64-linux-gnu-gcc SOURCES *.c COMMON start.S TIMEOUT 200 REPORTS
  FLAGS -O2 -Wall -Wextra -Werror -ffreestanding -mgeneral-regs-only -mstrict-align
    -fno-tree-loop-distribute-patterns
  RUN --board arm-virt,virtualization=on,gic-version=3 --cpu max --bios none --memory 256M
    --serial stdio --timeout 60s)
