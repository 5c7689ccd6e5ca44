module consul-on-pulumi/toolchain/consul-formats

go 1.25.0
