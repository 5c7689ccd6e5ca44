module consul-on-pulumi/toolchain/pause

go 1.25.0
