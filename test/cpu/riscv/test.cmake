# SPDX-License-Identifier: Apache-2.0
# Exit status 0 = passed, else the line of the check that failed (its low eight bits).
orrery_guests(riscv COMPILER riscv64-linux-gnu-gcc SOURCES *.S TIMEOUT 120
  FLAGS -mabi=lp64d -mcmodel=medany
    -march=rv64gcv_zba_zbb_zbc_zbs_zbkb_zbkx_zknd_zkne_zknh_zksed_zksh_zfh
  RUN --board riscv-virt --cpu max --bios none --memory 64M --serial none --timeout 10s)
