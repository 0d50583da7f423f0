# SPDX-License-Identifier: Apache-2.0
orrery_decoder(cpu/riscv/decode cpu/riscv/*.decode)
orrery_profiles(cpu/riscv rv_profile_list)
