# SPDX-License-Identifier: Apache-2.0
# Boots of the stock Debian kernel; skipped when tools/fetch-guest has not been run.
if(NOT ORRERY_SANITIZE)
  set(boot ${CMAKE_SOURCE_DIR}/test/boot)
  set(system $<TARGET_FILE_DIR:orrery>/orrery-system-riscv64)
  add_test(NAME boot.jit COMMAND ${boot}/boots $<TARGET_FILE:orrery>)
  add_test(NAME boot.smp4 COMMAND ${boot}/boots $<TARGET_FILE:orrery> --smp 4)
  add_test(NAME boot.interp COMMAND ${boot}/interp $<TARGET_FILE:orrery>)
  add_test(NAME boot.inorder COMMAND ${boot}/boots $<TARGET_FILE:orrery> --timing inorder)
  add_test(NAME boot.flash COMMAND ${boot}/flash $<TARGET_FILE:orrery>)
  add_test(NAME boot.deterministic COMMAND ${boot}/deterministic $<TARGET_FILE:orrery>)
  add_test(NAME boot.virtio.packed COMMAND ${boot}/virtio $<TARGET_FILE:orrery>)
  add_test(NAME boot.virtio.legacy COMMAND ${boot}/virtio $<TARGET_FILE:orrery> legacy)
  add_test(NAME boot.virtio.transports COMMAND ${boot}/virtio_transports $<TARGET_FILE:orrery>)
  set_tests_properties(boot.flash boot.virtio.transports boot.virtio.packed boot.virtio.legacy boot.jit boot.smp4 boot.interp boot.inorder boot.deterministic
    PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)

  set(arm ${CMAKE_COMMAND} -E env ARCH=arm64)
  add_test(NAME boot.arm64.jit COMMAND ${arm} ${boot}/boots $<TARGET_FILE:orrery>)
  add_test(NAME boot.arm64.gicv3_smp4 COMMAND ${arm} ${boot}/boots $<TARGET_FILE:orrery> --smp 4 --board arm-virt,gic-version=3)
  add_test(NAME boot.arm64.el2 COMMAND ${arm} ${boot}/boots $<TARGET_FILE:orrery> --board arm-virt,gic-version=3,virtualization=on)
  add_test(NAME boot.arm64.cortex_a72 COMMAND ${arm} ${boot}/boots $<TARGET_FILE:orrery> --cpu cortex-a72)
  add_test(NAME boot.arm64.inorder COMMAND ${arm} ${boot}/boots $<TARGET_FILE:orrery> --cpu cortex-a53 --timing inorder)
  add_test(NAME boot.arm64.prompts COMMAND ${boot}/arm64_prompts $<TARGET_FILE_DIR:orrery>/orrery-system-aarch64)
  add_test(NAME boot.arm64.acpi COMMAND ${arm} ${boot}/efi_acpi $<TARGET_FILE:orrery>)
  add_test(NAME boot.arm64.acpi_gicv3_el2_smp4 COMMAND ${arm} ${boot}/efi_acpi $<TARGET_FILE:orrery> --board arm-virt,gic-version=3,virtualization=on --smp 4)
  add_test(NAME boot.arm64.secure COMMAND ${boot}/arm64_secure $<TARGET_FILE:orrery>)
  add_test(NAME boot.arm64.screen COMMAND ${boot}/arm64_screen $<TARGET_FILE:orrery>)
  add_test(NAME boot.arm64.firmware COMMAND ${boot}/arm64_firmware $<TARGET_FILE:orrery>)
  add_test(NAME boot.arm64.compat.arm COMMAND ${boot}/arm64_compat $<TARGET_FILE:orrery> arm)
  add_test(NAME boot.arm64.compat.thumb COMMAND ${boot}/arm64_compat $<TARGET_FILE:orrery> thumb --cpu cortex-a72)
  add_test(NAME boot.arm64.compat.interp COMMAND ${boot}/arm64_compat $<TARGET_FILE:orrery> thumb --exec interp)
  add_test(NAME boot.arm64.deterministic COMMAND ${arm} ${boot}/deterministic $<TARGET_FILE:orrery> --cpu cortex-a72)
  add_test(NAME boot.arm64.deterministic_cards COMMAND ${arm} ${boot}/deterministic $<TARGET_FILE:orrery> --board arm-virt,gic-version=3 --cpu max
    --device nvme,serial=s --device ahci,id=a --device ide-cd,bus=a.2 --netdev user,id=n --device e1000e,netdev=n)
  add_test(NAME boot.arm64.deterministic_el2_mte COMMAND ${arm} ${boot}/deterministic $<TARGET_FILE:orrery>
    --board arm-virt,gic-version=3,virtualization=on,mte=on --cpu max --device virtio-rng-pci)
  add_test(NAME boot.arm64.virtio.gicv2m COMMAND ${arm} ${boot}/virtio_transports $<TARGET_FILE:orrery>)
  add_test(NAME boot.arm64.virtio.its COMMAND ${arm} ${boot}/virtio_transports $<TARGET_FILE:orrery> --board arm-virt,gic-version=3)
  add_test(NAME boot.arm64.virtio.gicv2m_gicv3 COMMAND ${arm} ${boot}/virtio_transports $<TARGET_FILE:orrery>
    --board arm-virt,gic-version=3,msi=gicv2m)
  set_tests_properties(boot.arm64.jit boot.arm64.gicv3_smp4 boot.arm64.el2 boot.arm64.cortex_a72 boot.arm64.inorder
    boot.arm64.secure boot.arm64.prompts boot.arm64.acpi boot.arm64.acpi_gicv3_el2_smp4 boot.arm64.screen boot.arm64.firmware boot.arm64.compat.arm boot.arm64.compat.thumb boot.arm64.compat.interp
    boot.arm64.deterministic boot.arm64.deterministic_cards boot.arm64.deterministic_el2_mte boot.arm64.virtio.gicv2m boot.arm64.virtio.its boot.arm64.virtio.gicv2m_gicv3
    PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)

  set(loong ${CMAKE_COMMAND} -E env ARCH=loong64)
  add_test(NAME boot.loong64.jit COMMAND ${loong} ${boot}/boots $<TARGET_FILE:orrery>)
  add_test(NAME boot.loong64.smp4 COMMAND ${loong} ${boot}/boots $<TARGET_FILE:orrery> --smp 4)
  add_test(NAME boot.loong64.efi_smp4 COMMAND ${loong} ${boot}/boots $<TARGET_FILE:orrery> --bios default --smp 4)
  add_test(NAME boot.loong64.tree_smp6 COMMAND ${boot}/loong64_tree $<TARGET_FILE_DIR:orrery>/orrery-system-loongarch64)
  add_test(NAME boot.loong64.acpi COMMAND ${loong} ${boot}/efi_acpi $<TARGET_FILE:orrery>)
  add_test(NAME boot.loong64.deterministic COMMAND ${loong} ${boot}/deterministic $<TARGET_FILE:orrery>)
  set_tests_properties(boot.loong64.jit boot.loong64.smp4 boot.loong64.efi_smp4 boot.loong64.tree_smp6 boot.loong64.acpi
    boot.loong64.deterministic PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)

  set(amd ${CMAKE_COMMAND} -E env ARCH=amd64)
  add_test(NAME boot.amd64.jit COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery>)
  add_test(NAME boot.amd64.smp8 COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery> --smp 8)
  add_test(NAME boot.amd64.deterministic COMMAND ${amd} ${boot}/deterministic $<TARGET_FILE:orrery>)
  add_test(NAME boot.amd64.bios COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery> --bios default)
  add_test(NAME boot.amd64.pc COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery> --board x86-pc --smp 2)
  add_test(NAME boot.amd64.pc_bios COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery> --board x86-pc --bios default)
  add_test(NAME boot.amd64.pc_ide COMMAND ${boot}/amd64_pc_ide $<TARGET_FILE:orrery>)
  add_test(NAME boot.amd64.microvm COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery> --board x86-microvm --smp 2)
  add_test(NAME boot.amd64.microvm_bios COMMAND ${amd} ${boot}/boots $<TARGET_FILE:orrery> --board x86-microvm --bios default)
  # Skipped without the pieces of tools/fetch-media.
  foreach(media memtest grub_bios grub_efi ipxe_rom ipxe_cd installer installer_gtk)
    add_test(NAME boot.amd64.media.${media} COMMAND ${boot}/amd64_media $<TARGET_FILE_DIR:orrery> ${media})
    set_tests_properties(boot.amd64.media.${media} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)
  endforeach()
  add_test(NAME boot.amd64.efi COMMAND ${boot}/amd64_efi $<TARGET_FILE:orrery>)
  # Saved in real mode, in firmware, in SMM, in interrupts, and gone on.
  function(amd64_states name)
    add_test(NAME boot.amd64.states_${name} COMMAND ${boot}/amd64_states $<TARGET_FILE:orrery> ${ARGN})
    set_tests_properties(boot.amd64.states_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)
  endfunction()
  amd64_states(seabios seabios 4)
  amd64_states(seabios_smp4 seabios 2 --smp 4)
  amd64_states(ovmf_smp2 ovmf 2 --smp 2)
  amd64_states(smm ${CMAKE_BINARY_DIR}/test/x86-guests/smm.elf 12)
  amd64_states(exceptions ${CMAKE_BINARY_DIR}/test/x86-guests/exceptions.elf 12)
  add_test(NAME boot.amd64.efi_secure COMMAND ${boot}/amd64_efi --secure $<TARGET_FILE:orrery>)
  add_test(NAME boot.amd64.s3_bios COMMAND ${boot}/amd64_s3 $<TARGET_FILE:orrery> --bios default)
  add_test(NAME boot.amd64.s3_smp2 COMMAND ${boot}/amd64_s3 $<TARGET_FILE:orrery> --smp 2)
  add_test(NAME boot.amd64.s3_efi COMMAND ${boot}/amd64_s3 --efi $<TARGET_FILE:orrery>)
  set_tests_properties(boot.amd64.jit boot.amd64.smp8 boot.amd64.deterministic boot.amd64.bios boot.amd64.efi
    boot.amd64.efi_secure boot.amd64.s3_bios boot.amd64.s3_smp2 boot.amd64.s3_efi boot.amd64.pc boot.amd64.pc_bios
    boot.amd64.pc_ide boot.amd64.microvm boot.amd64.microvm_bios
    PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)

  set_tests_properties(boot.amd64.media.memtest PROPERTIES COST 70)

  # The kernel's view of odd topologies, and a remapping unit under it.
  set(pc $<TARGET_FILE_DIR:orrery>/orrery-system-x86_64)
  add_test(NAME boot.amd64.topology COMMAND ${boot}/x86_topology ${boot}/guest_run ${pc} zen4
    12,sockets=3,dies=1,modules=1,cores=2,threads=2)
  add_test(NAME boot.amd64.iommu COMMAND ${boot}/x86_iommu ${pc})
  set_tests_properties(boot.amd64.topology boot.amd64.iommu PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)

  # CPUs in turns and on host threads: what they see of each other's memory, and whole boots.
  foreach(arch riscv64 arm64 loong64 amd64)
    set(env ${CMAKE_COMMAND} -E env ARCH=${arch})
    add_test(NAME boot.litmus.${arch} COMMAND ${env} LITMUS_FLAGS=-DROUNDS=40 ${boot}/litmus $<TARGET_FILE:orrery>)
    add_test(NAME boot.litmus.${arch}_parallel COMMAND ${env} ${boot}/litmus $<TARGET_FILE:orrery> --smp-mode parallel)
    add_test(NAME boot.${arch}.parallel COMMAND ${env} ${boot}/boots $<TARGET_FILE:orrery> --smp 4 --smp-mode parallel)
    set_tests_properties(boot.litmus.${arch} boot.litmus.${arch}_parallel boot.${arch}.parallel
      PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)
  endforeach()

  # A guest of the guest; skipped when tools/fetch-nested has not been run.
  foreach(mode vhe nvhe protected gicv2)
    add_test(NAME boot.arm64.nested_${mode} COMMAND ${boot}/nested $<TARGET_FILE:orrery> ${mode})
    set_tests_properties(boot.arm64.nested_${mode} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)
  endforeach()
  add_test(NAME boot.loong64.nested COMMAND ${boot}/nested $<TARGET_FILE:orrery> loong64)
  set_tests_properties(boot.loong64.nested PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 LABELS boot)

  # QEMU's command lines, one test each.
  function(qemu_lines arch table prefix qemu_arch peer)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${boot}/${table})
    file(STRINGS ${boot}/${table} rows REGEX "^[a-z0-9_]+ [|] ")
    foreach(row ${rows})
      string(REGEX MATCH "^[a-z0-9_]+" name "${row}")
      add_test(NAME ${prefix}.${name} COMMAND ${CMAKE_COMMAND} -E env ARCH=${arch} ${boot}/same_as_qemu ${name}
        $<TARGET_FILE_DIR:orrery>/orrery-system-${qemu_arch} ${peer})
      set_tests_properties(${prefix}.${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 400 LABELS qemu_line)
    endforeach()
  endfunction()
  qemu_lines(riscv64 qemu_command_lines qemu_line riscv64 qemu-system-riscv64)
  qemu_lines(arm64 qemu_command_lines_arm64 qemu_line.arm64 aarch64 qemu-system-aarch64)
  # Debian's QEMU of before 2024 has another board: its lines were held against version 10.0.2 of tools/fetch-peer by hand.
  qemu_lines(loong64 qemu_command_lines_loong64 qemu_line.loong64 loongarch64 "")

  # Debian with systemd from the disk of tools/make-disk; skipped when there is none.
  add_test(NAME disk.raw COMMAND ${boot}/debian_disk ${system})
  add_test(NAME disk.pci_qcow2_smp4 COMMAND ${boot}/debian_disk ${system} --transport pci --format qcow2 --smp 4 --once)
  set(arm_disk ${boot}/debian_disk $<TARGET_FILE_DIR:orrery>/orrery-system-aarch64 --arch arm64)
  add_test(NAME disk.arm64.qcow2_smp4 COMMAND ${arm_disk} --format qcow2 --smp 4 --once)
  add_test(NAME disk.arm64.efi COMMAND ${arm_disk} --efi --transport pci --machine virt,gic-version=3)
  add_test(NAME disk.arm64.nvme_e1000e_screen COMMAND ${arm_disk} --transport pci --disk nvme --nic e1000e --screen bochs-display --once)
  add_test(NAME disk.arm64.ahci_e1000e_its_smp4 COMMAND ${arm_disk} --disk ahci --nic e1000e --machine virt,gic-version=3 --smp 4 --once)
  set(loong_disk ${boot}/debian_disk $<TARGET_FILE_DIR:orrery>/orrery-system-loongarch64 --arch loong64 --transport pci)
  add_test(NAME disk.loong64.raw COMMAND ${loong_disk} --once)
  add_test(NAME disk.loong64.efi_nvme_e1000e_smp4 COMMAND ${loong_disk} --efi --disk nvme --nic e1000e --smp 4)
  set(amd_disk ${boot}/debian_disk $<TARGET_FILE_DIR:orrery>/orrery-system-x86_64 --arch amd64 --transport pci)
  add_test(NAME disk.amd64.bios COMMAND ${amd_disk} --bios)
  add_test(NAME disk.amd64.efi_nvme_e1000e_smp4 COMMAND ${amd_disk} --efi --disk nvme --nic e1000e --smp 4)
  add_test(NAME disk.amd64.bios_ahci_qcow2 COMMAND ${amd_disk} --bios --disk ahci --format qcow2 --once)
  add_test(NAME disk.nvme COMMAND ${boot}/debian_disk ${system} --disk nvme --once)
  set_tests_properties(disk.raw disk.pci_qcow2_smp4 disk.arm64.qcow2_smp4 disk.arm64.efi
    disk.arm64.nvme_e1000e_screen disk.arm64.ahci_e1000e_its_smp4 disk.nvme
    disk.loong64.raw disk.loong64.efi_nvme_e1000e_smp4
    disk.amd64.bios disk.amd64.efi_nvme_e1000e_smp4 disk.amd64.bios_ahci_qcow2 PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1200 LABELS disk COST 90)
endif()
