"""The operations that a compiled function may contain.

Each is a function of its arguments alone: the shapes and dtypes of its results do not depend on the values in its
tensors, it draws no random numbers, and writes nowhere. Whatever is missing here runs operation by operation.
"""

from __future__ import annotations

OPERATIONS = frozenset(
    """
    abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr all amax amin aminmax angle any
    arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort as_strided asin asinh atan atan2
    atanh atleast_1d atleast_2d atleast_3d baddbmm block_diag bmm broadcast_tensors broadcast_to bucketize
    cartesian_prod cat cdist ceil celu chain_matmul cholesky chunk clamp clamp_max clamp_min clip clone column_stack
    combinations concat concatenate constant_pad_nd contiguous conv1d conv2d conv3d conv_transpose1d
    conv_transpose2d conv_transpose3d copysign corrcoef cos cosh cosine_similarity count_nonzero cov cross cummax cummin
    cumprod cumsum cumulative_trapezoid deg2rad det detach diag diag_embed diagflat diagonal diff digamma dist div divide
    dot double dsplit dstack einsum elu embedding eq erf erfc erfinv exp exp2 expand expand_as expm1
    eye fix flatten flip fliplr flipud float float_power floor floor_divide fmax fmin fmod frac full full_like gather ge
    gelu glu greater greater_equal gt half hardshrink hardsigmoid hardswish hardtanh heaviside hsplit hstack hypot
    i0 index_add index_copy index_fill index_select inner instance_norm int interpolate inverse isclose isfinite isin
    isinf isnan kron kthvalue T l1_loss layer_norm group_norm batch_norm local_response_norm rms_norm le leaky_relu lerp
    less less_equal lgamma linear linspace log log10 log1p log2 log_softmax logaddexp logaddexp2 logcumsumexp logdet
    logical_and logical_not logical_or logical_xor logit logsigmoid logspace logsumexp long lt mT masked_fill matmul
    matrix_exp matrix_power max maximum mean median meshgrid min minimum mish mm mode moveaxis movedim mse_loss msort mul
    multiply mv mvlgamma nan_to_num nanmean nanmedian nansum narrow ne neg negative new_full new_ones new_tensor
    new_zeros norm normalize not_equal numel ones ones_like outer pad pairwise_distance permute pixel_shuffle
    pixel_unshuffle polygamma positive pow prelu prod quantile rad2deg ravel real reciprocal relu relu6 remainder
    repeat reshape reshape_as resolve_conj resolve_neg roll rot90 round rsqrt rsub scatter scatter_add
    scatter_reduce searchsorted select selu sgn short sigmoid sign signbit silu sin sinc sinh slice_scatter
    select_scatter diagonal_scatter slogdet smooth_l1_loss huber_loss softmax softmin softplus softshrink softsign
    sort split split_with_sizes sqrt square squeeze stack std std_mean sub subtract sum sum_to_size swapaxes swapdims t
    take take_along_dim tan tanh tanhshrink tensor tensordot tensor_split threshold tile to topk trace transpose
    trapezoid trapz tril tril_indices triu triu_indices true_divide trunc type_as unbind unflatten unfold unsqueeze
    upsample vander var var_mean vdot vecdot view view_as vsplit vstack where xlogy zeros zeros_like bool byte char
    binary_cross_entropy binary_cross_entropy_with_logits cross_entropy nll_loss kl_div poisson_nll_loss hinge_embedding_loss
    margin_ranking_loss triplet_margin_loss cosine_embedding_loss soft_margin_loss multilabel_soft_margin_loss
    gaussian_nll_loss avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d lp_pool1d lp_pool2d
    scaled_dot_product_attention bilinear fold multi_dot inv solve vector_norm matrix_norm cholesky_ex ger addcmul
    as_tensor ldexp logical_and bitwise_and bitwise_or bitwise_xor bitwise_not
    """.split()
)

# Modules whose forward is such an operation.
MODULES = frozenset(
    """
    Linear Bilinear Identity Flatten Unflatten ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh
    Softplus Softsign Softmax LogSoftmax Softmin Softmax2d LogSigmoid Hardtanh Hardsigmoid Hardswish Hardshrink Softshrink
    Tanhshrink Threshold GLU Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d MaxPool1d MaxPool2d
    MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
    AdaptiveMaxPool2d LPPool1d LPPool2d BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm InstanceNorm1d
    InstanceNorm2d RMSNorm LocalResponseNorm Embedding Dropout Dropout1d Dropout2d Dropout3d AlphaDropout
    MSELoss L1Loss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss SmoothL1Loss HuberLoss
    CosineSimilarity PairwiseDistance ZeroPad1d ZeroPad2d ConstantPad1d ConstantPad2d ReflectionPad1d ReflectionPad2d
    ReplicationPad1d ReplicationPad2d PixelShuffle PixelUnshuffle Upsample Unfold Fold HingeEmbeddingLoss
    MarginRankingLoss TripletMarginLoss SoftMarginLoss GaussianNLLLoss PoissonNLLLoss RNNCell LSTMCell GRUCell RNN LSTM GRU
    """.split()
)

# What a sample may be asked besides.
ATTRIBUTES = frozenset("shape ndim dtype device layout T mT is_cuda is_sparse itemsize nbytes is_quantized".split())
QUESTIONS = frozenset(
    "size dim numel nelement ndimension is_floating_point is_complex is_tensor get_default_dtype is_same_size "
    "element_size is_compiling get_device is_signed finfo iinfo result_type promote_types can_cast broadcast_shapes".split()
)
