# SPDX-License-Identifier: Apache-2.0
# Exit status 0 = passed, else the line of the check that failed (its low eight bits).
orrery_guests(riscv COMPILER riscv64-linux-gnu-gcc SOURCES *.S TIMEOUT 120
  FLAGS -mabi=lp64d -mcmodel=medany
    -march=rv64gcv_zba_zbb_zbc_zbs_zbkb_zbkx_zknd_zkne_zknh_zksed_zksh_zfh
  RUN --board riscv-virt --cpu max --bios none --memory 64M --serial none --timeout 10s)

# Vectors on several harts, taking turns and on host threads.
if(TARGET riscv-guests)
  set(smp ${CMAKE_CURRENT_BINARY_DIR}/riscv-guests/smp_vectors.elf)
  set(here ${CMAKE_CURRENT_LIST_DIR})
  add_custom_command(OUTPUT ${smp}
    COMMAND ${GUEST_COMPILER_riscv} -nostdlib -static -no-pie -Wl,--no-warn-rwx-segments -mabi=lp64d -mcmodel=medany -march=rv64gcv
      -Wl,--build-id=none,-T,${here}/guests/guest.ld -o ${smp} ${here}/smp/vectors.S
    DEPENDS ${here}/smp/vectors.S ${here}/guests/guest.ld riscv-guests)
  add_custom_target(riscv-smp-guests ALL DEPENDS ${smp})
  foreach(mode serial parallel)
    add_test(NAME cpu.riscv.smp.vectors.${mode} COMMAND orrery run --board riscv-virt --cpu max --smp 4 --smp-mode ${mode} --bios none
             --memory 64M --serial none --timeout 60s --no-reboot --kernel ${smp})
    set_tests_properties(cpu.riscv.smp.vectors.${mode} PROPERTIES TIMEOUT 200)
  endforeach()
endif()
